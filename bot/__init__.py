"""Pilothouse: deploy Helm charts and operate Kubernetes clusters from a Telegram chat."""
