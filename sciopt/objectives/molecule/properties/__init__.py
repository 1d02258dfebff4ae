"""What is measured without a pose, and the gates that it closes: QED, alerts, stability, synthetic accessibility."""
