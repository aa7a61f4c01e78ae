//! Two network namespaces joined by a wire that delays, loses and cuts.
