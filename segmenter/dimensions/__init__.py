"""What a patient is in: codes of dimensions, facts reduced per patient, partitions of cells."""
