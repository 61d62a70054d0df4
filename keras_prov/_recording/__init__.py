"""Keras' life cycle as DfAnalyzer's tasks."""
