"""Chat: questions about a document, answered from its pages over the socket."""
