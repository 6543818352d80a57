//! Transfers to another certified operator (他の認定事業者への提供, Article 26).
