"""The painter of the demo's photos."""
