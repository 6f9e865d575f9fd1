"""Verdicts in the words of other tools: SARIF for code hosts, JUnit for CI servers."""
