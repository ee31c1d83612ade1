"""The guided mode: what is asked, and what is done with the answers. It decides nothing that a command could not."""
