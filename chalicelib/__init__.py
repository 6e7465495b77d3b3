"""A software-licensing service: domain, storage, HTTP interface, jobs and operator commands."""
