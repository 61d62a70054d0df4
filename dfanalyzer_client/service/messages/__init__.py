"""Messages as DfAnalyzer's clients send them, in Python and C++, old and new."""
