"""What people say of versions that they looked at: items that are natural, and that a version was audited."""
