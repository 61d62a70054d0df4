"""What happens in Keras, recorded as DfAnalyzer's tasks."""
