"""What is true of one account, per idea; nothing in here sees HTTP."""
