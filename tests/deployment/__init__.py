"""What runs Tidegate on a cluster, as far as it can be tried without a container engine."""
