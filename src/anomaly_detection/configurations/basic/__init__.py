"""The embedded edition: files, SQLite, jobs in this process, local accounts."""
