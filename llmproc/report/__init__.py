"""Logs, saved output and run folders -> tables and pictures. pandas and matplotlib are imported here and in tools."""
