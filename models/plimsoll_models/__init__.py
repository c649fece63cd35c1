"""Trains models for Plimsoll and exports them to ONNX; nothing here runs where orders are decided."""
