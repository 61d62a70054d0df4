"""Trainings that continue another execution otherwise, with the weights that still fit."""
