"""The only code that knows HTTP: routes, documents, errors, credentials, signatures."""
