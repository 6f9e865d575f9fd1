"""From checks to a verdict: a pure decision, a runner that survives its checks, the hook mains."""
