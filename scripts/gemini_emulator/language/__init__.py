"""Just enough reading of text: sentences, words, terms and the phrases questions are made of."""
