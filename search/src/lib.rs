//! Search (検索): a word index of codes, applications, minutes and findings. It must never hold anything about a person.
