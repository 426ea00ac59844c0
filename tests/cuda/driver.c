/* A CUDA driver for machines without a GPU.
 *
 * Memory is the host's and copies are real, but no kernel runs, unless EVONAS_DRIVER_RUN is set: then the host runs their
 * PTX (ptx.c), slowly. Without it, a program goes its whole way, and its results are whatever was in memory. What it asks for is written to the folder named by EVONAS_DRIVER_LOG:
 *
 *   events.tsv   a line for each event: seconds since the start, kind, name, number of bytes or nodes
 *   N.ptx        the PTX of every module, in the order of loading
 *
 * Kinds of events: launch, graph (a launch of a captured graph), upload, download, copy, wait, alloc, free, load,
 * capture (its end, with the number of launches), refused (what CUDA forbids while a stream is being captured).
 *
 * EVONAS_DRIVER_SM (90) is the compute capability that it claims, EVONAS_DRIVER_VERSION (12080) its version, and
 * EVONAS_DRIVER_MEMORY (80) the device's memory in GiB. Timed intervals last as long as the host took, and those with
 * CubeCL's measurements of a device's speed, which are never run, much longer: they would be repeated until they do.
 */
#define _GNU_SOURCE
#include "ptx.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int Result;
enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 101, INVALID_PTX = 218, CAPTURE_UNSUPPORTED = 900 };

typedef uint64_t Pointer;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE *events;
static const char *folder;
static double begun;

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static long setting(const char *name, long otherwise) {
    const char *value = getenv(name);
    return value ? atol(value) : otherwise;
}

static void finish(void) {
    pthread_mutex_lock(&mutex);
    if (events) fclose(events);
    events = NULL;
    pthread_mutex_unlock(&mutex);
}

static void terminated(int signal) {
    finish();
    _exit(128 + signal);
}

static void begin(void) {
    begun = seconds();
    folder = getenv("EVONAS_DRIVER_LOG");
    if (!folder) return;
    char path[4096];
    snprintf(path, sizeof path, "%s/events.tsv", folder);
    events = fopen(path, "w");
    atexit(finish);
    signal(SIGTERM, terminated);
}

static void event(const char *kind, const char *name, size_t size) {
    pthread_mutex_lock(&mutex);
    if (events) fprintf(events, "%.6f\t%s\t%s\t%zu\n", seconds() - begun, kind, name, size);
    pthread_mutex_unlock(&mutex);
}

/* ---- the device ---- */

Result cuInit(unsigned flags) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)flags;
    pthread_once(&once, begin);
    return SUCCESS;
}

Result cuDriverGetVersion(int *version) {
    *version = (int)setting("EVONAS_DRIVER_VERSION", 12080);
    return SUCCESS;
}

Result cuDeviceGetCount(int *count) {
    *count = 1;
    return SUCCESS;
}

Result cuDeviceGet(int *device, int number) {
    *device = number;
    return number == 0 ? SUCCESS : NO_DEVICE;
}

Result cuDeviceGetName(char *name, int length, int device) {
    (void)device;
    snprintf(name, (size_t)length, "no device");
    return SUCCESS;
}

Result cuDeviceGetUuid_v2(char *uuid, int device) {
    (void)device;
    memset(uuid, 1, 16);
    return SUCCESS;
}
Result cuDeviceGetUuid(char *uuid, int device) { return cuDeviceGetUuid_v2(uuid, device); }

Result cuDeviceGetPCIBusId(char *name, int length, int device) {
    (void)device;
    snprintf(name, (size_t)length, "0000:00:00.0");
    return SUCCESS;
}

static size_t memory(void) { return (size_t)setting("EVONAS_DRIVER_MEMORY", 80) << 30; }

Result cuDeviceTotalMem_v2(size_t *bytes, int device) {
    (void)device;
    *bytes = memory();
    return SUCCESS;
}

/* The limits of an H100; the numbers of attributes are CUDA's. */
Result cuDeviceGetAttribute(int *value, int attribute, int device) {
    static const struct { int attribute, value; } known[] = {
        {1, 1024},   {2, 1024},  {3, 1024},  {4, 64},    {5, 2147483647}, {6, 65535}, {7, 65535}, {8, 49152},
        {10, 32},    {12, 65536}, {16, 132}, {39, 2048}, {41, 1},         {97, 232448}, {115, 1},
    };
    int capability = (int)setting("EVONAS_DRIVER_SM", 90);
    (void)device;
    *value = attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].attribute == attribute) *value = known[i].value;
    return SUCCESS;
}

Result cuDevicePrimaryCtxRetain(void **context, int device) {
    (void)device;
    *context = (void *)1;
    return SUCCESS;
}
Result cuDevicePrimaryCtxRelease_v2(int device) { (void)device; return SUCCESS; }
Result cuDevicePrimaryCtxRelease(int device) { (void)device; return SUCCESS; }
Result cuCtxSetCurrent(void *context) { (void)context; return SUCCESS; }
Result cuCtxGetCurrent(void **context) {
    *context = (void *)1;
    return SUCCESS;
}
Result cuCtxGetStreamPriorityRange(int *least, int *greatest) {
    *least = *greatest = 0;
    return SUCCESS;
}

/* ---- capture ---- */

static volatile int capturing;
static uint64_t captured;

/* What a graph does again: launches, and copies or, without a source, fillings of memory. */
struct Node {
    const struct ptx_kernel *kernel;
    unsigned grid[3], block[3];
    size_t shared;
    void *parameters;
    Pointer to, from;
    unsigned char value;
    size_t bytes;
};
struct Graph {
    uint64_t launches;
    struct Node *nodes;
    size_t count;
};
static struct Graph recording;

static int runs_kernels(void) { return getenv("EVONAS_DRIVER_RUN") != NULL; }

static Result perform(const struct Node *node) {
    if (node->kernel) return ptx_run(node->kernel, node->grid, node->block, node->shared, node->parameters) ? SUCCESS : OUT_OF_MEMORY;
    if (node->from) memmove((void *)(uintptr_t)node->to, (const void *)(uintptr_t)node->from, node->bytes);
    else memset((void *)(uintptr_t)node->to, node->value, node->bytes);
    return SUCCESS;
}

/* Does it now, or as part of the graph that is being captured. */
static Result perform_or_capture(struct Node node) {
    if (!capturing) {
        Result result = perform(&node);
        free(node.parameters);
        return result;
    }
    pthread_mutex_lock(&mutex);
    recording.nodes = realloc(recording.nodes, (recording.count + 1) * sizeof node);
    recording.nodes[recording.count++] = node;
    pthread_mutex_unlock(&mutex);
    return SUCCESS;
}

/* CUDA refuses this while a stream is being captured. */
static Result unless_capturing(const char *name) {
    if (!capturing) return SUCCESS;
    event("refused", name, 0);
    return CAPTURE_UNSUPPORTED;
}

Result cuStreamBeginCapture_v2(void *stream, int mode) {
    (void)stream, (void)mode;
    captured = 0;
    recording = (struct Graph){0, NULL, 0};
    capturing = 1;
    return SUCCESS;
}

Result cuStreamEndCapture(void *stream, void **graph) {
    (void)stream;
    capturing = 0;
    event("capture", "graph", captured);
    struct Graph *made = malloc(sizeof *made);
    if (!made) return OUT_OF_MEMORY;
    *made = recording;
    made->launches = captured;
    *graph = made;
    return SUCCESS;
}

Result cuStreamIsCapturing(void *stream, int *status) {
    (void)stream;
    *status = capturing;
    return SUCCESS;
}

Result cuGraphGetNodes(void *graph, void **nodes, size_t *count) {
    (void)nodes;
    if (!nodes) *count = ((struct Graph *)graph)->launches;
    return SUCCESS;
}
Result cuGraphNodeGetType(void *node, int *type) {
    (void)node;
    *type = 0;
    return SUCCESS;
}
Result cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags) {
    (void)flags;
    *executable = graph;
    return SUCCESS;
}
Result cuGraphDestroy(void *graph) { (void)graph; return SUCCESS; }
Result cuGraphExecDestroy(void *executable) { (void)executable; return SUCCESS; }
Result cuGraphUpload(void *executable, void *stream) { (void)executable, (void)stream; return SUCCESS; }
Result cuGraphLaunch(void *executable, void *stream) {
    (void)stream;
    const struct Graph *graph = executable;
    Result result = SUCCESS;
    event("graph", "launch", graph->launches);
    for (size_t i = 0; i < graph->count && result == SUCCESS; i++) result = perform(&graph->nodes[i]);
    return result;
}

/* ---- streams and events ---- */

static void *next_handle(void) {
    static uint64_t last = 1 << 12;
    return (void *)(uintptr_t)__sync_add_and_fetch(&last, 16);
}

Result cuStreamCreate(void **stream, unsigned flags) {
    (void)flags;
    *stream = next_handle();
    return SUCCESS;
}
Result cuStreamCreateWithPriority(void **stream, unsigned flags, int priority) {
    (void)priority;
    return cuStreamCreate(stream, flags);
}
Result cuStreamDestroy_v2(void *stream) { (void)stream; return SUCCESS; }
Result cuStreamDestroy(void *stream) { (void)stream; return SUCCESS; }
Result cuStreamQuery(void *stream) { (void)stream; return SUCCESS; }
Result cuStreamWaitEvent(void *stream, void *other, unsigned flags) {
    (void)stream, (void)other, (void)flags;
    return SUCCESS;
}
static Result waited(const char *name) {
    Result refused = unless_capturing(name);
    if (refused) return refused;
    event("wait", name, 0);
    return SUCCESS;
}
Result cuStreamSynchronize(void *stream) { (void)stream; return waited("stream"); }
Result cuEventSynchronize(void *other) { (void)other; return waited("event"); }
Result cuCtxSynchronize(void) { return waited("context"); }

/* What the launches of measurements are said to have taken. */
static double measured;

/* An event is the time at which it was recorded: what a device that computes nothing would report. */
Result cuEventCreate(void **created, unsigned flags) {
    (void)flags;
    *created = calloc(1, sizeof(double));
    return *created ? SUCCESS : OUT_OF_MEMORY;
}
Result cuEventDestroy_v2(void *other) {
    free(other);
    return SUCCESS;
}
Result cuEventDestroy(void *other) { return cuEventDestroy_v2(other); }
Result cuEventRecord(void *other, void *stream) {
    (void)stream;
    *(double *)other = seconds() + measured;
    return SUCCESS;
}
Result cuEventQuery(void *other) { (void)other; return SUCCESS; }
Result cuEventElapsedTime_v2(float *milliseconds, void *from, void *to) {
    double elapsed = 1e3 * (*(double *)to - *(double *)from);
    *milliseconds = elapsed > 1e-3 ? (float)elapsed : 1e-3f;
    return SUCCESS;
}
Result cuEventElapsedTime(float *milliseconds, void *from, void *to) {
    return cuEventElapsedTime_v2(milliseconds, from, to);
}

/* ---- memory ---- */

/* Sizes of allocations, in front of them: a page keeps the rest aligned. */
enum { HEADER = 4096 };
static size_t in_use;

static Result allocate(Pointer *pointer, size_t bytes, const char *name) {
    Result refused = unless_capturing("alloc");
    if (refused) return refused;
    pthread_mutex_lock(&mutex);
    int fits = in_use + bytes <= memory();
    if (fits) in_use += bytes;
    pthread_mutex_unlock(&mutex);
    char *place = MAP_FAILED;
    if (fits)
        place = mmap(NULL, bytes + HEADER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) return OUT_OF_MEMORY;
    *(size_t *)place = bytes;
    *pointer = (Pointer)(uintptr_t)(place + HEADER);
    event("alloc", name, bytes);
    return SUCCESS;
}

static Result release(Pointer pointer) {
    char *place = (char *)(uintptr_t)pointer - HEADER;
    size_t bytes = *(size_t *)place;
    pthread_mutex_lock(&mutex);
    in_use -= bytes;
    pthread_mutex_unlock(&mutex);
    munmap(place, bytes + HEADER);
    event("free", "device", bytes);
    return SUCCESS;
}

Result cuMemAlloc_v2(Pointer *pointer, size_t bytes) { return allocate(pointer, bytes, "device"); }
Result cuMemAllocAsync(Pointer *pointer, size_t bytes, void *stream) {
    (void)stream;
    return allocate(pointer, bytes, "device");
}
Result cuMemFree_v2(Pointer pointer) { return release(pointer); }
Result cuMemFreeAsync(Pointer pointer, void *stream) {
    (void)stream;
    return release(pointer);
}
Result cuMemAllocHost_v2(void **pointer, size_t bytes) {
    event("alloc", "host", bytes);
    *pointer = aligned_alloc(512, (bytes + 511) & ~(size_t)511);
    return *pointer ? SUCCESS : OUT_OF_MEMORY;
}
Result cuMemFreeHost(void *pointer) {
    free(pointer);
    return SUCCESS;
}
Result cuMemGetInfo_v2(size_t *available, size_t *total) {
    *total = memory();
    *available = *total - in_use;
    return SUCCESS;
}

Result cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes, void *stream) {
    (void)stream;
    event("upload", "plain", bytes);
    memcpy((void *)(uintptr_t)to, from, bytes);
    return SUCCESS;
}
Result cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *stream) {
    (void)stream;
    event("download", "plain", bytes);
    memcpy(to, (const void *)(uintptr_t)from, bytes);
    return SUCCESS;
}
Result cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void *stream) {
    (void)stream;
    event("copy", "plain", bytes);
    return perform_or_capture((struct Node){.to = to, .from = from, .bytes = bytes});
}
Result cuMemsetD8Async(Pointer to, unsigned char value, size_t bytes, void *stream) {
    (void)stream;
    event("copy", "set", bytes);
    return perform_or_capture((struct Node){.to = to, .value = value, .bytes = bytes});
}

/* CUDA_MEMCPY2D: each side has an offset, a kind (1 is the host), addresses and the length of a line. */
struct Side {
    size_t x, y;
    int kind;
    void *host;
    Pointer device;
    void *array;
    size_t line;
};
struct Copy2D {
    struct Side from, to;
    size_t width, height;
};

static char *line_of(const struct Side *side, size_t line) {
    char *place = side->kind == 1 ? side->host : (char *)(uintptr_t)side->device;
    return place + (line + side->y) * side->line + side->x;
}

Result cuMemcpy2DAsync_v2(const struct Copy2D *copy, void *stream) {
    const char *kind = copy->from.kind == 1 ? "upload" : copy->to.kind == 1 ? "download" : "copy";
    (void)stream;
    event(kind, "lines", copy->width * copy->height);
    for (size_t line = 0; line < copy->height; line++)
        memcpy(line_of(&copy->to, line), line_of(&copy->from, line), copy->width);
    return SUCCESS;
}

/* ---- modules and kernels ---- */

struct Function {
    char name[256];
    const struct ptx_kernel *kernel;
};
struct Module {
    struct ptx_module *code;
};

Result cuModuleLoadData(void **module, const void *image) {
    static uint64_t loaded;
    uint64_t number = __sync_fetch_and_add(&loaded, 1);
    if (folder) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%llu.ptx", folder, (unsigned long long)number);
        FILE *file = fopen(path, "w");
        if (file) {
            fputs(image, file);
            fclose(file);
        }
    }
    event("load", "module", number);
    struct Module *made = calloc(1, sizeof *made);
    if (!made) return OUT_OF_MEMORY;
    if (runs_kernels()) {
        char why[256] = "no memory";
        made->code = ptx_load(image, why, sizeof why);
        if (!made->code) {
            fprintf(stderr, "module %llu can't be run: %s\n", (unsigned long long)number, why);
            free(made);
            return INVALID_PTX;
        }
    }
    *module = made;
    return SUCCESS;
}
/* Graphs may still have its kernels. */
Result cuModuleUnload(void *module) { (void)module; return SUCCESS; }

Result cuModuleGetFunction(void **function, void *module, const char *name) {
    struct Function *found = calloc(1, sizeof *found);
    const struct Module *of = module;
    if (!found) return OUT_OF_MEMORY;
    snprintf(found->name, sizeof found->name, "%s", name);
    if (of->code && !(found->kernel = ptx_find(of->code, name))) return INVALID_VALUE;
    *function = found;
    return SUCCESS;
}
Result cuFuncSetAttribute(void *function, int attribute, int value) {
    (void)function, (void)attribute, (void)value;
    return SUCCESS;
}
Result cuFuncGetAttribute(int *value, int attribute, void *function) {
    (void)attribute, (void)function;
    *value = 0;
    return SUCCESS;
}

/* CubeCL measures a device's speed with kernels whose results nobody reads. */
static int is_measurement(const char *name) {
    return strstr(name, "_throughput") || !strncmp(name, "launch_overhead", 15) || !strncmp(name, "prime_buffer", 12);
}

Result cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                      unsigned block_y, unsigned block_z, unsigned shared, void *stream, void **parameters,
                      void **extra) {
    uint64_t threads = (uint64_t)block_x * block_y * block_z;
    uint64_t blocks = (uint64_t)grid_x * grid_y * grid_z;
    const struct Function *launched = function;
    const char *name = launched->name;
    (void)stream, (void)extra;
    if (!blocks || !threads || threads > 1024 || grid_y > 65535 || grid_z > 65535) {
        fprintf(stderr, "CUDA refuses %s: %u x %u x %u blocks of %u x %u x %u threads\n", name, grid_x, grid_y, grid_z,
                block_x, block_y, block_z);
        return INVALID_VALUE;
    }
    if (capturing) __sync_add_and_fetch(&captured, 1);
    event("launch", name, blocks);
    if (is_measurement(name)) {
        measured += 0.05;
        return SUCCESS;
    }
    if (!launched->kernel) return SUCCESS;
    struct Node node = {
        .kernel = launched->kernel,
        .grid = {grid_x, grid_y, grid_z},
        .block = {block_x, block_y, block_z},
        .shared = shared,
        .parameters = malloc(ptx_parameter_bytes(launched->kernel) + 1),
    };
    if (!node.parameters) return OUT_OF_MEMORY;
    ptx_pack(launched->kernel, parameters, node.parameters);
    return perform_or_capture(node);
}

/* ---- errors and profiling ---- */

Result cuGetErrorName(int error, const char **name) {
    *name = error == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_UNKNOWN";
    return SUCCESS;
}
Result cuGetErrorString(int error, const char **text) {
    *text = error == OUT_OF_MEMORY ? "out of memory" : "an error of the driver without a device";
    return SUCCESS;
}
Result cuProfilerStart(void) { return SUCCESS; }
Result cuProfilerStop(void) { return SUCCESS; }
