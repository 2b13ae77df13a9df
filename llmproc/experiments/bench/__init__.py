"""Measuring speed: arms, conditions, samples."""
