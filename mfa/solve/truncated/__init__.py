"""The posterior that bounds cut off: means, standard deviations and intervals by expectation propagation."""
