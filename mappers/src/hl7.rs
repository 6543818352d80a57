//! HL7 v2.5 messages as Japan writes them.
