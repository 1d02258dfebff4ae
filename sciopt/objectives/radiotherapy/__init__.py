"""Radiotherapy plans, judged by dose-volume metrics. Research only, not for clinical use."""
