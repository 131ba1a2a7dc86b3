"""What runs inside the sandbox, with nothing but the standard library: it starts, confines and watches programs."""
