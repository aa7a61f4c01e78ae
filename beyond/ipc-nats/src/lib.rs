//! The queue over NATS JetStream, and its program.
