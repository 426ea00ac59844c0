/* Runs PTX on the host. */
#include <stddef.h>

struct ptx_module;
struct ptx_kernel;

/* Decodes a module, or says why it can't. */
struct ptx_module *ptx_load(const char *image, char *why, size_t size);
/* The kernel of this name, which lives as long as its module, or NULL. */
const struct ptx_kernel *ptx_find(const struct ptx_module *module, const char *name);
/* The bytes of a kernel's parameters, one after another. */
size_t ptx_parameter_bytes(const struct ptx_kernel *kernel);
/* Copies parameters as a launch passes them, by pointers to each. */
void ptx_pack(const struct ptx_kernel *kernel, void **from, void *to);
/* Runs all blocks, one after another. Returns 0 if there is no memory. */
int ptx_run(const struct ptx_kernel *kernel, const unsigned grid[3], const unsigned block[3], size_t shared, const void *parameters);
