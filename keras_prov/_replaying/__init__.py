"""Changes that were recorded of a training, made again in another one."""
