"""What the policy asks about an object: to which matters and offices it belongs."""
