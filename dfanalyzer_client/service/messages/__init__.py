"""Messages as DfAnalyzer's clients in Python and C++ send them, in old and new versions."""
