//! A private NATS server for a test, gone with it.
