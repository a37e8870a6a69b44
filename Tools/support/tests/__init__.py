"""Tests of the tools themselves, run by Tools/test."""
