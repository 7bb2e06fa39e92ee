"""The containers of deploy/compose.yaml, really built and started; test_real_stack.py says what for."""
