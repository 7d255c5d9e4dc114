"""What makes images: one module for each builder, behind the protocol of `building`."""
