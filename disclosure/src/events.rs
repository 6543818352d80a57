//! Linked events (個人に結び付く記録).
