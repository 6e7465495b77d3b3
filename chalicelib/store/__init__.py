"""The only code that knows DynamoDB: keys, rows, reads by access pattern, units of work."""
