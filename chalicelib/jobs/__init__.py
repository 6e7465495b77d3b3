"""What happens without a request: the deadline sweep, the fan-out of events, work that rolls forward."""
