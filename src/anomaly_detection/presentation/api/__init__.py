"""The REST API: requests into workflows and queries, their answers into JSON and Arrow."""
