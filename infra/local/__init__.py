"""The service on one machine: an engine, a server and a runner, none of which is shipped to the cloud."""
