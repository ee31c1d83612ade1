"""Where people and programs touch the platform; it translates, it decides nothing."""
