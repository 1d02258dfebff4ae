"""Patients and phantoms: structures, densities, beams and clinical goals. Research only, never for clinical use."""
