//! Microdata: one row per person (個票).
