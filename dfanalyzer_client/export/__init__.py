"""Export executions as documents: W3C PROV and RO-Crate."""
