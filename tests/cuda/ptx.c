/* Runs PTX on the host: what CubeCL's compiler emits, thread by thread.
 *
 * A module is decoded once. Threads of a block run one after another until they wait for each other, at a barrier or at
 * an instruction of a whole warp; warps are taken to be together again wherever such an instruction is reached. Device
 * memory is the host's, so that addresses are pointers. Sums of tensor cores are in single precision, one product after
 * another. What isn't known is refused when the module is loaded.
 */
#define _GNU_SOURCE
#include "ptx.h"

#include <ctype.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MOST_OPERANDS = 28, MOST_PARAMETERS = 1100, WARP = 32 };

enum Type { NONE, PRED, B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F16, BF16, F32, F64, F16X2, BF16X2, TF32 };
static const char *const TYPES[] = {"",    "pred", "b8",  "b16",  "b32", "b64", "u8",  "u16",   "u32",    "u64", "s8",
                                    "s16", "s32",  "s64", "f16",  "bf16", "f32", "f64", "f16x2", "bf16x2", "tf32"};
static const int BYTES[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 4, 4, 4};

enum Base {
    MOV, ADD, SUB, MUL, MAD, FMA, DIV, REM, MIN, MAX, ABS, NEG, AND, OR, XOR, NOT, SHL, SHR, BFE, SELP, SETP, CVT, CVTA,
    SQRT, RSQRT, RCP, EX2, LG2, SIN, COS, TANH, LD, ST, BRA, BRX, RET, BAR, SHFL, ACTIVEMASK, VOTE, WARPBAR, MMA, LDMATRIX,
    STMATRIX, WMMA_LOAD, WMMA_MMA, WMMA_STORE, FENCE, POPC, CLZ, ATOM
};

enum Kind { REGISTER, IMMEDIATE, SPECIAL, PARAMETER, SHARED, LOCAL, LABEL, SINK };

struct Operand {
    enum Kind kind;
    int number; /* of the register, special register or label */
    int64_t value;
    int memory; /* whether what it points to is meant */
};

struct Instruction {
    enum Base base;
    enum Type type, from;
    int guard, unless; /* a predicate, or -1 */
    int count; /* operands */
    int vector; /* of a load or store */
    int packs; /* whether a move makes one register of several */
    int reduces; /* whether an atomic operation has no result */
    int low, high, wide, saturate, down, up, truncate; /* ways to multiply or round */
    char compare[4], combine[4], shuffle[5];
    int transposed, column, matrices;
    int shape[3];
    char fragment;
    struct Operand operands[MOST_OPERANDS];
};

struct Label {
    char name[64];
    int place;
    int *targets; /* of a table of labels */
    int entries;
};

struct Kernel {
    char name[256];
    struct Instruction *code;
    int length;
    struct Label *labels;
    int label_count;
    struct { char name[128]; int first; } prefixes[32];
    int prefix_count, registers;
    struct { char name[256]; size_t offset, bytes; } parameters[MOST_PARAMETERS];
    int parameter_count;
    size_t parameter_bytes, shared_bytes, local_bytes;
    struct { char name[128]; enum Kind kind; size_t offset; } symbols[64];
    int symbol_count;
};

struct ptx_module {
    struct Kernel *kernels;
    int count;
};

/* ---- decoding ---- */

struct Failure { char *text; size_t size; };

static int fail(struct Failure *failure, const char *why, const char *what) {
    snprintf(failure->text, failure->size, "%s: %.120s", why, what);
    return 0;
}

static enum Type type_of(const char *name) {
    for (int type = PRED; type <= TF32; type++)
        if (!strcmp(TYPES[type], name)) return type;
    return NONE;
}

static int label_number(struct Kernel *kernel, const char *name) {
    for (int i = 0; i < kernel->label_count; i++)
        if (!strcmp(kernel->labels[i].name, name)) return i;
    kernel->labels = realloc(kernel->labels, (kernel->label_count + 1) * sizeof *kernel->labels);
    struct Label *label = &kernel->labels[kernel->label_count];
    memset(label, 0, sizeof *label);
    snprintf(label->name, sizeof label->name, "%s", name);
    label->place = -1;
    return kernel->label_count++;
}

static const char *const SPECIALS[] = {"%tid.x",    "%tid.y",    "%tid.z",    "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y",
                                       "%ctaid.z",  "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid"};
enum { SPECIAL_COUNT = sizeof SPECIALS / sizeof *SPECIALS };

static int operand_of(struct Kernel *kernel, const char *text, struct Operand *operand, struct Failure *failure) {
    char name[256];
    size_t length = 0;
    memset(operand, 0, sizeof *operand);
    if (!strcmp(text, "_")) {
        operand->kind = SINK;
        return 1;
    }
    for (int i = 0; i < SPECIAL_COUNT; i++)
        if (!strcmp(text, SPECIALS[i])) {
            operand->kind = SPECIAL;
            operand->number = i;
            return 1;
        }
    if (isdigit((unsigned char)*text) || *text == '-') {
        operand->kind = IMMEDIATE;
        if (text[0] == '0' && (text[1] == 'f' || text[1] == 'd' || text[1] == 'F' || text[1] == 'D'))
            operand->value = (int64_t)strtoull(text + 2, NULL, 16);
        else
            operand->value = *text == '-' ? strtoll(text, NULL, 0) : (int64_t)strtoull(text, NULL, 0);
        return 1;
    }
    while (text[length] && text[length] != '+' && text[length] != '-' && length < sizeof name - 1) length++;
    memcpy(name, text, length);
    name[length] = 0;
    operand->value = text[length] ? strtoll(text + length + (text[length] == '+'), NULL, 0) : 0;
    if (*name == '%') {
        size_t digits = strlen(name);
        while (digits > 1 && isdigit((unsigned char)name[digits - 1])) digits--;
        int number = name[digits] ? atoi(name + digits) : 0;
        for (int i = 0; i < kernel->prefix_count; i++)
            if (strlen(kernel->prefixes[i].name) == digits && !strncmp(kernel->prefixes[i].name, name, digits)) {
                operand->kind = REGISTER;
                operand->number = kernel->prefixes[i].first + number;
                return 1;
            }
        return fail(failure, "an unknown register", name);
    }
    for (int i = 0; i < kernel->parameter_count; i++)
        if (!strcmp(kernel->parameters[i].name, name)) {
            operand->kind = PARAMETER;
            operand->value += (int64_t)kernel->parameters[i].offset;
            return 1;
        }
    for (int i = 0; i < kernel->symbol_count; i++)
        if (!strcmp(kernel->symbols[i].name, name)) {
            operand->kind = kernel->symbols[i].kind;
            operand->value += (int64_t)kernel->symbols[i].offset;
            return 1;
        }
    if (*name == '$') {
        operand->kind = LABEL;
        operand->number = label_number(kernel, name);
        return 1;
    }
    return fail(failure, "an unknown operand", text);
}

static const struct { const char *name; enum Base base; } BASES[] = {
    {"mov", MOV}, {"add", ADD}, {"sub", SUB}, {"mul", MUL}, {"mad", MAD}, {"fma", FMA}, {"div", DIV}, {"rem", REM}, {"min", MIN},
    {"max", MAX}, {"abs", ABS}, {"neg", NEG}, {"and", AND}, {"or", OR}, {"xor", XOR}, {"not", NOT}, {"shl", SHL}, {"shr", SHR},
    {"bfe", BFE}, {"selp", SELP}, {"setp", SETP}, {"cvt", CVT}, {"cvta", CVTA}, {"sqrt", SQRT}, {"rsqrt", RSQRT}, {"rcp", RCP},
    {"ex2", EX2}, {"lg2", LG2}, {"sin", SIN}, {"cos", COS}, {"tanh", TANH}, {"ld", LD}, {"st", ST}, {"bra", BRA}, {"brx", BRX},
    {"ret", RET}, {"exit", RET}, {"bar", BAR}, {"barrier", BAR}, {"shfl", SHFL}, {"activemask", ACTIVEMASK}, {"vote", VOTE},
    {"mma", MMA}, {"ldmatrix", LDMATRIX}, {"stmatrix", STMATRIX}, {"membar", FENCE}, {"fence", FENCE}, {"popc", POPC}, {"clz", CLZ},
    {"atom", ATOM}, {"red", ATOM},
};

static int mnemonic(struct Instruction *one, char *text, struct Failure *failure) {
    char whole[256], *parts[24], *rest = NULL;
    int count = 0, found = 0;
    snprintf(whole, sizeof whole, "%s", text);
    for (char *part = strtok_r(text, ".", &rest); part && count < 24; part = strtok_r(NULL, ".", &rest)) parts[count++] = part;
    if (!count) return fail(failure, "no instruction", whole);
    for (size_t i = 0; i < sizeof BASES / sizeof *BASES; i++)
        if (!strcmp(BASES[i].name, parts[0])) {
            one->base = BASES[i].base;
            found = 1;
        }
    int first = 1;
    if (!strcmp(parts[0], "wmma") && count > 1) {
        found = 1;
        one->base = !strcmp(parts[1], "load") ? WMMA_LOAD : !strcmp(parts[1], "store") ? WMMA_STORE : WMMA_MMA;
        first = 2;
        if (one->base != WMMA_MMA) one->fragment = parts[first++][0];
    }
    if (!found) return fail(failure, "an unknown instruction", whole);
    one->vector = 1;
    one->reduces = one->base == ATOM && !strcmp(parts[0], "red");
    int layouts = 0;
    for (int i = first; i < count; i++) {
        const char *part = parts[i];
        enum Type type = type_of(part);
        int m, n, k;
        if (type) {
            if (!one->type) one->type = type;
            else if (!one->from) one->from = type;
        } else if (!strcmp(part, "lo")) {
            /* Of a comparison, it is one of unsigned numbers. */
            one->base == SETP ? (void)strcpy(one->compare, "lo") : (void)(one->low = 1);
        } else if (!strcmp(part, "hi")) {
            one->base == SETP ? (void)strcpy(one->compare, "hi") : (void)(one->high = 1);
        } else if (!strcmp(part, "wide")) one->wide = 1;
        else if (!strcmp(part, "sat")) one->saturate = 1;
        else if (!strcmp(part, "rm") || !strcmp(part, "rmi")) one->down = 1;
        else if (!strcmp(part, "rp") || !strcmp(part, "rpi")) one->up = 1;
        else if (!strcmp(part, "rz") || !strcmp(part, "rzi")) one->truncate = 1;
        else if (!strcmp(part, "v2")) one->vector = 2;
        else if (!strcmp(part, "v4")) one->vector = 4;
        else if (!strcmp(part, "v8")) one->vector = 8;
        else if (!strcmp(part, "trans")) one->transposed = 1;
        else if (!strcmp(part, "x1") || !strcmp(part, "x2") || !strcmp(part, "x4")) one->matrices = part[1] - '0';
        else if (sscanf(part, "m%dn%dk%d", &m, &n, &k) == 3) one->shape[0] = m, one->shape[1] = n, one->shape[2] = k;
        else if (!strcmp(part, "col")) one->column |= 1 << layouts++;
        else if (!strcmp(part, "row")) layouts++;
        else if (one->base == SETP && strlen(part) <= 3 && strcmp(part, "ftz")) {
            if (!strcmp(part, "and") || !strcmp(part, "or") || !strcmp(part, "xor")) strcpy(one->combine, part);
            else strcpy(one->compare, part);
        } else if ((one->base == SHFL || one->base == VOTE) && strcmp(part, "sync")) snprintf(one->shuffle, sizeof one->shuffle, "%s", part);
        else if (one->base == BAR && !strcmp(part, "warp")) one->base = WARPBAR;
        else if (one->base == ATOM && (!strcmp(part, "add") || !strcmp(part, "min") || !strcmp(part, "max") || !strcmp(part, "and") ||
                                       !strcmp(part, "or") || !strcmp(part, "xor")))
            strcpy(one->compare, part);
        else if (!strcmp(part, "m8n8") || !strcmp(part, "rn") || !strcmp(part, "rni") || !strcmp(part, "rna") || !strcmp(part, "approx") ||
                 !strcmp(part, "ftz") || !strcmp(part, "full") || !strcmp(part, "global") || !strcmp(part, "shared") ||
                 !strcmp(part, "local") || !strcmp(part, "param") || !strcmp(part, "const") || !strcmp(part, "nc") || !strcmp(part, "uni") ||
                 !strcmp(part, "sync") || !strcmp(part, "aligned") || !strcmp(part, "to") || !strcmp(part, "idx") ||
                 !strcmp(part, "volatile") || !strcmp(part, "relaxed") || !strcmp(part, "gpu") || !strcmp(part, "cta") ||
                 !strcmp(part, "gl") || !strcmp(part, "sc") || !strcmp(part, "acq_rel"))
            ;
        else
            return fail(failure, "an unknown part of an instruction", whole);
    }
    if ((one->base == MMA || one->base == WMMA_MMA) && one->type != F32) return fail(failure, "sums of another type", whole);
    return 1;
}

static int statement(struct Kernel *kernel, char *text, struct Failure *failure) {
    kernel->code = realloc(kernel->code, (kernel->length + 1) * sizeof *kernel->code);
    struct Instruction *one = &kernel->code[kernel->length];
    memset(one, 0, sizeof *one);
    one->guard = -1;
    if (*text == '@') {
        one->unless = text[1] == '!';
        char name[64];
        int used = 0;
        if (sscanf(text + 1 + one->unless, "%63[^ \t]%n", name, &used) != 1) return fail(failure, "a predicate", text);
        struct Operand guard;
        if (!operand_of(kernel, name, &guard, failure)) return 0;
        one->guard = guard.number;
        text += 1 + one->unless + used;
        while (isspace((unsigned char)*text)) text++;
    }
    char name[256];
    int used = 0;
    if (sscanf(text, "%255[^ \t\n]%n", name, &used) != 1) return fail(failure, "no instruction", text);
    if (!mnemonic(one, name, failure)) return 0;
    char *rest = text + used, *word = rest;
    int unpacks = rest[strspn(rest, " \t\n")] == '{';
    int memory = 0;
    for (;; rest++) {
        int ends = !*rest || strchr(",{}[]| \t\n", *rest) != NULL;
        if (!ends) continue;
        char stop = *rest;
        *rest = 0;
        if (*word) {
            if (one->count == MOST_OPERANDS) return fail(failure, "too many operands", name);
            struct Operand *operand = &one->operands[one->count];
            if (!operand_of(kernel, word, operand, failure)) return 0;
            operand->memory = memory;
            one->count++;
        }
        if (stop == '[') memory = 1;
        if (stop == ']') memory = 0;
        if (!stop) break;
        word = rest + 1;
    }
    if (one->base == MOV && one->count > 2 && !unpacks) one->packs = 1;
    kernel->length++;
    return 1;
}

static int directive(struct Kernel *kernel, char *text, const char *label, struct Failure *failure) {
    char type[32], name[128];
    long number;
    if (sscanf(text, ".reg .%31s %127[^<]<%ld>", type, name, &number) == 3 || (number = 1, sscanf(text, ".reg .%31s %127s", type, name) == 2)) {
        if (kernel->prefix_count == 32) return fail(failure, "too many kinds of registers", text);
        snprintf(kernel->prefixes[kernel->prefix_count].name, 128, "%s", name);
        kernel->prefixes[kernel->prefix_count++].first = kernel->registers;
        kernel->registers += (int)number;
        return 1;
    }
    if (sscanf(text, ".local .align %*d .b8 %127[^[][%ld]", name, &number) == 2) {
        kernel->local_bytes = (kernel->local_bytes + 15) & ~(size_t)15;
        snprintf(kernel->symbols[kernel->symbol_count].name, 128, "%s", name);
        kernel->symbols[kernel->symbol_count].kind = LOCAL;
        kernel->symbols[kernel->symbol_count++].offset = kernel->local_bytes;
        kernel->local_bytes += (size_t)number;
        return 1;
    }
    if (!strncmp(text, ".branchtargets", 14)) {
        int table = label_number(kernel, label);
        char *rest = NULL;
        for (char *word = strtok_r(text + 14, ", \t\n", &rest); word; word = strtok_r(NULL, ", \t\n", &rest)) {
            int target = label_number(kernel, word);
            struct Label *entry = &kernel->labels[table];
            entry->targets = realloc(entry->targets, (entry->entries + 1) * sizeof(int));
            entry->targets[entry->entries++] = target;
        }
        return 1;
    }
    if (!strncmp(text, ".pragma", 7) || !strncmp(text, ".loc", 4)) return 1;
    return fail(failure, "an unknown directive", text);
}

static int body(struct Kernel *kernel, char *text, struct Failure *failure) {
    char *rest = NULL;
    for (char *part = strtok_r(text, ";", &rest); part; part = strtok_r(NULL, ";", &rest)) {
        char label[64] = "";
        for (;;) {
            while (isspace((unsigned char)*part) || *part == '{' || *part == '}') part++;
            size_t length = 0;
            while (isalnum((unsigned char)part[length]) || part[length] == '_' || part[length] == '$') length++;
            if (!length || part[length] != ':' || length >= sizeof label) break;
            memcpy(label, part, length);
            label[length] = 0;
            int named = label_number(kernel, label);
            kernel->labels[named].place = kernel->length;
            part += length + 1;
        }
        if (!*part) continue;
        if (!(*part == '.' ? directive(kernel, part, label, failure) : statement(kernel, part, failure))) return 0;
    }
    for (int i = 0; i < kernel->label_count; i++)
        if (kernel->labels[i].place < 0 && !kernel->labels[i].entries) return fail(failure, "an unknown label", kernel->labels[i].name);
    return 1;
}

static int parameters(struct Kernel *kernel, char *text, struct Failure *failure) {
    char *rest = NULL;
    for (char *part = strtok_r(text, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        size_t bytes = 0, align = 1;
        char *words = NULL, *name = NULL;
        for (char *word = strtok_r(part, " \t\n", &words); word; word = strtok_r(NULL, " \t\n", &words)) {
            enum Type type = *word == '.' ? type_of(word + 1) : NONE;
            if (type && !bytes) bytes = align = (size_t)BYTES[type];
            name = word;
        }
        if (!name || !bytes) return fail(failure, "a parameter", part);
        char *array = strchr(name, '[');
        if (array) {
            bytes *= strtoul(array + 1, NULL, 10);
            align = 16;
            *array = 0;
        }
        if (kernel->parameter_count == MOST_PARAMETERS) return fail(failure, "too many parameters", name);
        kernel->parameter_bytes = (kernel->parameter_bytes + align - 1) & ~(align - 1);
        snprintf(kernel->parameters[kernel->parameter_count].name, 256, "%s", name);
        kernel->parameters[kernel->parameter_count].offset = kernel->parameter_bytes;
        kernel->parameters[kernel->parameter_count++].bytes = bytes;
        kernel->parameter_bytes += bytes;
    }
    return 1;
}

struct ptx_module *ptx_load(const char *image, char *why, size_t size) {
    struct Failure failure = {why, size};
    struct ptx_module *module = calloc(1, sizeof *module);
    char *text = strdup(image);
    if (!module || !text) return NULL;
    for (char *from = text, *to = text;; ) { /* without comments */
        if (from[0] == '/' && from[1] == '/') while (*from && *from != '\n') from++;
        if (!(*to++ = *from)) break;
        from++;
    }
    char *place = text;
    while ((place = strstr(place, ".visible .entry")) != NULL) {
        module->kernels = realloc(module->kernels, (module->count + 1) * sizeof *module->kernels);
        struct Kernel *kernel = &module->kernels[module->count];
        memset(kernel, 0, sizeof *kernel);
        char *open = strchr(place, '('), *close = open ? strchr(open, ')') : NULL, *begin = close ? strchr(close, '{') : NULL;
        if (!begin) { fail(&failure, "a kernel", place); return NULL; }
        sscanf(place + 15, " %255[^( \t\n]", kernel->name);
        int depth = 0;
        char *end = begin;
        do {
            depth += *end == '{';
            depth -= *end == '}';
        } while (depth && *++end);
        *close = *end = 0;
        /* Shared memory of the module: one array, whose size a launch gives, or arrays of known sizes. */
        for (char *shared = strstr(text, ".shared"); shared && shared < place; shared = strstr(shared + 7, ".shared")) {
            char name[128];
            long number = 0;
            if (sscanf(shared, ".shared .align %*d .b8 %127[^[][%ld", name, &number) < 1) continue;
            snprintf(kernel->symbols[kernel->symbol_count].name, 128, "%s", name);
            kernel->symbols[kernel->symbol_count].kind = SHARED;
            kernel->symbols[kernel->symbol_count++].offset = kernel->shared_bytes;
            kernel->shared_bytes += (size_t)number;
        }
        if (!parameters(kernel, open + 1, &failure) || !body(kernel, begin + 1, &failure)) return NULL;
        module->count++;
        place = end + 1;
    }
    free(text);
    return module;
}

const struct ptx_kernel *ptx_find(const struct ptx_module *module, const char *name) {
    for (int i = 0; i < module->count; i++)
        if (!strcmp(module->kernels[i].name, name)) return (const struct ptx_kernel *)&module->kernels[i];
    return NULL;
}

size_t ptx_parameter_bytes(const struct ptx_kernel *kernel) { return ((const struct Kernel *)kernel)->parameter_bytes; }

void ptx_pack(const struct ptx_kernel *opaque, void **from, void *to) {
    const struct Kernel *kernel = (const struct Kernel *)opaque;
    for (int i = 0; i < kernel->parameter_count; i++)
        memcpy((char *)to + kernel->parameters[i].offset, from[i], kernel->parameters[i].bytes);
}

/* ---- numbers ---- */

static float float_of(uint32_t bits) { float value; memcpy(&value, &bits, 4); return value; }
static uint32_t bits_of(float value) { uint32_t bits; memcpy(&bits, &value, 4); return bits; }
static double double_of(uint64_t bits) { double value; memcpy(&value, &bits, 8); return value; }
static uint64_t wide_bits_of(double value) { uint64_t bits; memcpy(&bits, &value, 8); return bits; }

static uint16_t bfloat16(float value, int truncate) {
    uint32_t bits = bits_of(value);
    if (isnan(value)) return 0x7fff;
    return truncate ? bits >> 16 : (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
static float half_to_float(uint16_t bits) { _Float16 value; memcpy(&value, &bits, 2); return (float)value; }
static uint16_t float_to_half(float value) { _Float16 half = (_Float16)value; uint16_t bits; memcpy(&bits, &half, 2); return bits; }

static double number_of(enum Type type, uint64_t bits) {
    switch (type) {
    case F16: return half_to_float((uint16_t)bits);
    case BF16: return float_of((uint32_t)(bits & 0xffff) << 16);
    case F64: return double_of(bits);
    default: return float_of((uint32_t)bits);
    }
}
static uint64_t rounded(enum Type type, double value, int truncate) {
    switch (type) {
    case F16: return float_to_half((float)value);
    case BF16: return bfloat16((float)value, truncate);
    case F64: return wide_bits_of(value);
    case TF32: { uint32_t bits = bits_of((float)value); return isnan(value) ? bits : (bits + 0x1000) & ~(uint32_t)0x1fff; }
    default: return bits_of((float)value);
    }
}

static int is_float(enum Type type) { return type >= F16 && type <= F64; }
static int is_signed(enum Type type) { return type >= S8 && type <= S64; }
static uint64_t masked(enum Type type, uint64_t value) {
    int bytes = type == PRED ? 1 : BYTES[type];
    return type == PRED ? (value & 1) : bytes == 8 ? value : value & (((uint64_t)1 << (8 * bytes)) - 1);
}
static int64_t extended(enum Type type, uint64_t value) {
    int bits = 8 * BYTES[type];
    return is_signed(type) ? (int64_t)(value << (64 - bits)) >> (64 - bits) : (int64_t)masked(type, value);
}

/* ---- running ---- */

enum State { RUNS, AT_BARRIER, AT_WARP, ENDED };

struct Thread {
    uint64_t *registers;
    char *local;
    int place;
    enum State state;
    uint32_t special[SPECIAL_COUNT];
};

struct Block {
    const struct Kernel *kernel;
    struct Thread *threads;
    int count;
    char *shared;
    const char *parameters;
};

static uint64_t value_of(const struct Block *block, const struct Thread *thread, const struct Operand *operand) {
    switch (operand->kind) {
    case REGISTER: return thread->registers[operand->number] + (uint64_t)operand->value;
    case IMMEDIATE: return (uint64_t)operand->value;
    case SPECIAL: return thread->special[operand->number];
    case PARAMETER: return (uint64_t)(uintptr_t)(block->parameters + operand->value);
    case SHARED: return (uint64_t)(uintptr_t)(block->shared + operand->value);
    case LOCAL: return (uint64_t)(uintptr_t)(thread->local + operand->value);
    default: return 0;
    }
}

static void put(struct Thread *thread, const struct Operand *operand, uint64_t value) {
    if (operand->kind == REGISTER) thread->registers[operand->number] = value;
}

static double float_result(const struct Instruction *one, double a, double b, double c) {
    int single = one->type != F64;
    switch (one->base) {
    case ADD: return single ? (float)a + (float)b : a + b;
    case SUB: return single ? (float)a - (float)b : a - b;
    case MUL: return single ? (float)a * (float)b : a * b;
    case MAD: case FMA: return single ? fmaf((float)a, (float)b, (float)c) : fma(a, b, c);
    case DIV: return single ? (float)a / (float)b : a / b;
    case MIN: return isnan(a) ? b : isnan(b) ? a : a < b || (a == b && signbit(a)) ? a : b;
    case MAX: return isnan(a) ? b : isnan(b) ? a : a > b || (a == b && !signbit(a)) ? a : b;
    case ABS: return fabs(a);
    case NEG: return -a;
    case SQRT: return single ? sqrtf((float)a) : sqrt(a);
    case RSQRT: return 1 / sqrt(a);
    case RCP: return single ? 1 / (float)a : 1 / a;
    case EX2: return exp2(a);
    case LG2: return log2(a);
    case SIN: return sin(a);
    case COS: return cos(a);
    case TANH: return tanh(a);
    default: return NAN;
    }
}

static uint64_t float_operation(const struct Instruction *one, enum Type type, const uint64_t *in) {
    double result = float_result(one, number_of(type, in[0]), number_of(type, in[1]), number_of(type, in[2]));
    if (one->saturate) result = isnan(result) ? 0 : result < 0 ? 0 : result > 1 ? 1 : result;
    return rounded(type, result, one->truncate);
}

static uint64_t integer_operation(const struct Instruction *one, const uint64_t *in) {
    enum Type type = one->type;
    int bits = 8 * BYTES[type];
    int64_t a = extended(type, in[0]), b = extended(type, in[1]), c = one->wide ? (int64_t)in[2] : extended(type, in[2]);
    uint64_t ua = masked(type, in[0]), ub = masked(type, in[1]);
    __int128 product = is_signed(type) ? (__int128)a * b : (__int128)((unsigned __int128)ua * ub);
    switch (one->base) {
    case ADD: return ua + ub;
    case SUB: return ua - ub;
    case MUL: return one->high ? (uint64_t)(product >> bits) : (uint64_t)product;
    case MAD: return (one->high ? (uint64_t)(product >> bits) : (uint64_t)product) + (uint64_t)c;
    case DIV: return !ub ? ~(uint64_t)0 : is_signed(type) ? (uint64_t)(a / b) : ua / ub;
    case REM: return !ub ? ua : is_signed(type) ? (uint64_t)(a % b) : ua % ub;
    case MIN: return is_signed(type) ? (uint64_t)(a < b ? a : b) : ua < ub ? ua : ub;
    case MAX: return is_signed(type) ? (uint64_t)(a > b ? a : b) : ua > ub ? ua : ub;
    case ABS: return (uint64_t)(a < 0 ? -a : a);
    case NEG: return (uint64_t)-a;
    case AND: return ua & ub;
    case OR: return ua | ub;
    case XOR: return ua ^ ub;
    case NOT: return ~ua;
    case SHL: return (uint32_t)in[1] >= (uint32_t)bits ? 0 : ua << (uint32_t)in[1];
    case SHR: {
        uint32_t by = (uint32_t)in[1];
        if (is_signed(type)) return (uint64_t)(a >> (by >= (uint32_t)bits ? bits - 1 : (int)by));
        return by >= (uint32_t)bits ? 0 : ua >> by;
    }
    case BFE: {
        uint32_t first = in[1] & 0xff, length = in[2] & 0xff;
        uint64_t field = first >= 64 ? 0 : ua >> first;
        if (length < 64) field &= ((uint64_t)1 << length) - 1;
        if (is_signed(type) && length && length < 64 && (field >> (length - 1)) & 1) field |= ~(uint64_t)0 << length;
        return field;
    }
    case POPC: return (uint64_t)__builtin_popcountll(ua);
    case CLZ: return ua ? (uint64_t)(__builtin_clzll(ua) - (64 - bits)) : (uint64_t)bits;
    default: return 0;
    }
}

static int compared(const struct Instruction *one, uint64_t x, uint64_t y) {
    const char *how = one->compare;
    enum Type type = one->type;
    if (is_float(type)) {
        double a = number_of(type, x), b = number_of(type, y);
        int unordered = isnan(a) || isnan(b);
        if (!strcmp(how, "num")) return !unordered;
        if (!strcmp(how, "nan")) return unordered;
        if (how[2] == 'u' && unordered) return 1;
        if (unordered) return 0;
        return how[0] == 'e' ? a == b : how[0] == 'n' ? a != b : how[0] == 'l' ? (how[1] == 't' ? a < b : a <= b) : how[1] == 't' ? a > b : a >= b;
    }
    int64_t a = extended(type, x), b = extended(type, y);
    uint64_t ua = masked(type, x), ub = masked(type, y);
    if (!strcmp(how, "eq")) return ua == ub;
    if (!strcmp(how, "ne")) return ua != ub;
    if (!strcmp(how, "lo")) return ua < ub;
    if (!strcmp(how, "ls")) return ua <= ub;
    if (!strcmp(how, "hi")) return ua > ub;
    if (!strcmp(how, "hs")) return ua >= ub;
    int less = is_signed(type) ? a < b : ua < ub, equal = ua == ub;
    return how[0] == 'l' ? less || (how[1] == 'e' && equal) : !less && (how[1] == 'e' || !equal);
}

static uint64_t converted(const struct Instruction *one, uint64_t x) {
    enum Type to = one->type, from = one->from;
    if (is_float(to) || to == TF32) {
        if (is_float(from)) {
            double value = number_of(from, x);
            if (one->saturate) value = isnan(value) ? 0 : value < 0 ? 0 : value > 1 ? 1 : value;
            if (one->down && to == from) value = floor(value);
            if (one->up && to == from) value = ceil(value);
            return rounded(to, value, one->truncate && to != from);
        }
        double value = is_signed(from) ? (double)extended(from, x) : (double)masked(from, x);
        if (to == F32) return bits_of(is_signed(from) ? (float)extended(from, x) : (float)masked(from, x));
        return rounded(to, value, 0);
    }
    if (is_float(from)) {
        double value = number_of(from, x);
        value = one->down ? floor(value) : one->up ? ceil(value) : one->truncate ? trunc(value) : nearbyint(value);
        int bits = 8 * BYTES[to];
        double least = is_signed(to) ? -ldexp(1, bits - 1) : 0, most = ldexp(1, is_signed(to) ? bits - 1 : bits);
        if (isnan(value)) return 0;
        if (value <= least) return (uint64_t)(int64_t)least;
        if (value >= most) return is_signed(to) ? ((uint64_t)1 << (bits - 1)) - 1 : ~(uint64_t)0;
        return is_signed(to) ? (uint64_t)(int64_t)value : (uint64_t)value;
    }
    return (uint64_t)extended(from, x);
}

static void load(const struct Block *block, struct Thread *thread, const struct Instruction *one) {
    const struct Operand *address = &one->operands[one->vector];
    const char *from = (const char *)(uintptr_t)value_of(block, thread, address);
    int bytes = BYTES[one->type];
    for (int i = 0; i < one->vector; i++) {
        uint64_t value = 0;
        memcpy(&value, from + i * bytes, (size_t)bytes);
        put(thread, &one->operands[i], is_signed(one->type) ? (uint64_t)extended(one->type, value) : value);
    }
}

static void store(const struct Block *block, const struct Thread *thread, const struct Instruction *one) {
    char *to = (char *)(uintptr_t)value_of(block, thread, &one->operands[0]);
    int bytes = BYTES[one->type];
    for (int i = 0; i < one->vector; i++) {
        uint64_t value = value_of(block, thread, &one->operands[1 + i]);
        memcpy(to + i * bytes, &value, (size_t)bytes);
    }
}

static void move(const struct Block *block, struct Thread *thread, const struct Instruction *one) {
    if (one->count == 2) {
        put(thread, &one->operands[0], masked(one->type, value_of(block, thread, &one->operands[1])));
        return;
    }
    /* Several registers make a wide one, or the other way round. */
    int parts = one->count - 1, bits = 8 * BYTES[one->type] / parts;
    uint64_t part = bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
    if (one->packs) {
        uint64_t value = 0;
        for (int i = 0; i < parts; i++) value |= (value_of(block, thread, &one->operands[1 + i]) & part) << (i * bits);
        put(thread, &one->operands[0], value);
    } else {
        uint64_t value = value_of(block, thread, &one->operands[parts]);
        for (int i = 0; i < parts; i++) put(thread, &one->operands[i], (value >> (i * bits)) & part);
    }
}

/* No other thread runs meanwhile. */
static void atomic(const struct Block *block, struct Thread *thread, const struct Instruction *one) {
    int first = one->reduces ? 0 : 1, bytes = BYTES[one->type];
    char *place = (char *)(uintptr_t)value_of(block, thread, &one->operands[first]);
    uint64_t in[3] = {0, value_of(block, thread, &one->operands[first + 1]), 0};
    struct Instruction operation = *one;
    const char *how = one->compare;
    operation.base = !strcmp(how, "add") ? ADD : !strcmp(how, "min") ? MIN : !strcmp(how, "max") ? MAX : !strcmp(how, "and") ? AND : *how == 'o' ? OR : XOR;
    memcpy(&in[0], place, (size_t)bytes);
    uint64_t result = is_float(one->type) ? float_operation(&operation, one->type, in) : integer_operation(&operation, in);
    memcpy(place, &result, (size_t)bytes);
    if (!one->reduces) put(thread, &one->operands[0], in[0]);
}

/* Runs a thread until it waits or ends. */
static void run(const struct Block *block, struct Thread *thread) {
    const struct Kernel *kernel = block->kernel;
    while (thread->state == RUNS) {
        if (thread->place >= kernel->length) {
            thread->state = ENDED;
            return;
        }
        const struct Instruction *one = &kernel->code[thread->place];
        if (one->guard >= 0 && !(thread->registers[one->guard] & 1) == !one->unless) {
            thread->place++;
            continue;
        }
        const struct Operand *operands = one->operands;
        uint64_t in[3] = {0, 0, 0};
        switch (one->base) {
        case MOV: move(block, thread, one); break;
        case LD: load(block, thread, one); break;
        case ST: store(block, thread, one); break;
        case ATOM: atomic(block, thread, one); break;
        case CVTA: put(thread, &operands[0], value_of(block, thread, &operands[1])); break;
        case SELP: {
            int chosen = value_of(block, thread, &operands[3]) & 1;
            put(thread, &operands[0], masked(one->type, value_of(block, thread, &operands[chosen ? 1 : 2])));
            break;
        }
        case SETP: {
            if (one->count == 4 && !*one->combine) { /* two results: of both halves, or one and its opposite */
                uint64_t a = value_of(block, thread, &operands[2]), b = value_of(block, thread, &operands[3]);
                struct Instruction half = *one;
                int packed = one->type == BF16X2 || one->type == F16X2;
                if (packed) half.type = one->type == BF16X2 ? BF16 : F16;
                int low = compared(&half, packed ? a & 0xffff : a, packed ? b & 0xffff : b);
                put(thread, &operands[0], (uint64_t)low);
                put(thread, &operands[1], (uint64_t)(packed ? compared(&half, a >> 16 & 0xffff, b >> 16 & 0xffff) : !low));
                break;
            }
            int result = compared(one, value_of(block, thread, &operands[1]), value_of(block, thread, &operands[2]));
            if (*one->combine) {
                int other = value_of(block, thread, &operands[3]) & 1;
                result = *one->combine == 'a' ? result & other : *one->combine == 'o' ? result | other : result ^ other;
            }
            put(thread, &operands[0], (uint64_t)result);
            break;
        }
        case CVT: {
            uint64_t x = value_of(block, thread, &operands[1]);
            if (one->type == BF16X2 || one->type == F16X2) {
                enum Type half = one->type == BF16X2 ? BF16 : F16;
                uint64_t low = value_of(block, thread, &operands[2]);
                put(thread, &operands[0], rounded(half, number_of(F32, x), 0) << 16 | rounded(half, number_of(F32, low), 0));
            } else
                put(thread, &operands[0], masked(one->type == TF32 ? B32 : one->type, converted(one, x)));
            break;
        }
        case BRA: thread->place = kernel->labels[operands[0].number].place; continue;
        case BRX: {
            const struct Label *table = &kernel->labels[operands[1].number];
            uint64_t chosen = (uint32_t)value_of(block, thread, &operands[0]);
            thread->place = kernel->labels[table->targets[chosen < (uint64_t)table->entries ? chosen : 0]].place;
            continue;
        }
        case RET: thread->state = ENDED; return;
        case FENCE: break;
        case BAR: thread->state = AT_BARRIER; return;
        case SHFL: case ACTIVEMASK: case VOTE: case WARPBAR: case MMA: case LDMATRIX: case STMATRIX: case WMMA_LOAD: case WMMA_MMA:
        case WMMA_STORE:
            thread->state = AT_WARP;
            return;
        default: {
            for (int i = 1; i < one->count && i < 4; i++) in[i - 1] = value_of(block, thread, &operands[i]);
            if (one->down || one->up) fesetround(one->down ? FE_DOWNWARD : FE_UPWARD);
            uint64_t result;
            if (one->type == BF16X2 || one->type == F16X2) {
                enum Type half = one->type == BF16X2 ? BF16 : F16;
                uint64_t high[3] = {in[0] >> 16, in[1] >> 16, in[2] >> 16};
                result = float_operation(one, half, high) << 16 | float_operation(one, half, in);
            } else if (is_float(one->type))
                result = float_operation(one, one->type, in);
            else {
                result = integer_operation(one, in);
                result = one->wide ? result : masked(one->base == POPC || one->base == CLZ ? U32 : one->type, result);
                if (one->wide && BYTES[one->type] == 2) result = masked(U32, result);
            }
            if (one->down || one->up) fesetround(FE_TONEAREST);
            put(thread, &operands[0], result);
        }
        }
        thread->place++;
    }
}

/* ---- instructions of a warp ---- */

struct Warp {
    struct Block *block;
    struct Thread *lanes[WARP];
    uint32_t active;
    const struct Instruction *one;
};

static uint64_t of_lane(const struct Warp *warp, int lane, int operand) {
    return value_of(warp->block, warp->lanes[lane], &warp->one->operands[operand]);
}

static void shuffle(struct Warp *warp) {
    const struct Instruction *one = warp->one;
    int predicate = one->count == 6, first = predicate ? 2 : 1;
    uint64_t results[WARP] = {0};
    int valid[WARP] = {0};
    for (int lane = 0; lane < WARP; lane++) {
        if (!(warp->active >> lane & 1)) continue;
        int by = (int)of_lane(warp, lane, first + 1) & 31, bounds = (int)of_lane(warp, lane, first + 2);
        int clamp = bounds & 31, segment = (bounds >> 8) & 31;
        int most = (lane & segment) | (clamp & ~segment), least = lane & segment;
        int other = *one->shuffle == 'b' ? lane ^ by : *one->shuffle == 'u' ? lane - by : *one->shuffle == 'd' ? lane + by : least | (by & ~segment);
        valid[lane] = *one->shuffle == 'u' ? other >= most : other <= most;
        if (!valid[lane] || other < 0 || other >= WARP || !(warp->active >> other & 1)) other = lane;
        results[lane] = of_lane(warp, other, first);
    }
    for (int lane = 0; lane < WARP; lane++) {
        if (!(warp->active >> lane & 1)) continue;
        put(warp->lanes[lane], &one->operands[0], masked(B32, results[lane]));
        if (predicate) put(warp->lanes[lane], &one->operands[1], (uint64_t)valid[lane]);
    }
}

static void vote(struct Warp *warp) {
    uint32_t ballot = 0;
    for (int lane = 0; lane < WARP; lane++)
        if (warp->active >> lane & 1) ballot |= (uint32_t)(of_lane(warp, lane, 1) & 1) << lane;
    const char *how = warp->one->shuffle;
    uint64_t result = *how == 'b' ? ballot : !strcmp(how, "any") ? ballot != 0 : ballot == warp->active;
    for (int lane = 0; lane < WARP; lane++)
        if (warp->active >> lane & 1) put(warp->lanes[lane], &warp->one->operands[0], result);
}

static int is_half(enum Type type) { return type == BF16 || type == F16; }

static float half_of(enum Type type, uint64_t word, int high) { return (float)number_of(type, (word >> (16 * high)) & 0xffff); }

/* The value of a fragment's element: lane `element % 32` holds it. */
static float *fragments(const struct Warp *warp, int operand, enum Type type, int elements) {
    float *values = malloc((size_t)elements * sizeof *values);
    for (int e = 0; e < elements; e++) {
        int lane = e % WARP, slot = e / WARP;
        values[e] = is_half(type) ? half_of(type, of_lane(warp, lane, operand + slot / 2), slot % 2)
                                  : float_of((uint32_t)of_lane(warp, lane, operand + slot));
    }
    return values;
}

static void wmma_load(struct Warp *warp) {
    const struct Instruction *one = warp->one;
    int m = one->shape[0], n = one->shape[1], k = one->shape[2];
    int rows = one->fragment == 'b' ? k : m, columns = one->fragment == 'a' ? k : n;
    int registers = one->count - 2, bytes = BYTES[one->type];
    const char *from = (const char *)(uintptr_t)of_lane(warp, 0, registers);
    int64_t stride = (uint32_t)of_lane(warp, 0, registers + 1);
    for (int e = 0; e < rows * columns; e++) {
        int row = e / columns, column = e % columns, lane = e % WARP, slot = e / WARP;
        uint64_t value = 0;
        memcpy(&value, from + (one->column ? column * stride + row : row * stride + column) * bytes, (size_t)bytes);
        const struct Operand *to = &one->operands[is_half(one->type) ? slot / 2 : slot];
        if (is_half(one->type)) {
            uint64_t old = warp->lanes[lane]->registers[to->number];
            value = slot % 2 ? (old & 0xffff) | value << 16 : (old & ~(uint64_t)0xffff) | value;
        }
        put(warp->lanes[lane], to, masked(B32, value));
    }
}

static void wmma_mma(struct Warp *warp) {
    const struct Instruction *one = warp->one;
    int m = one->shape[0], n = one->shape[1], k = one->shape[2], sums = m * n / WARP;
    /* Of the types, the first is the result's and the second the left operand's. */
    enum Type type = one->from == F32 ? F16 : one->from;
    int left = is_half(type) ? m * k / WARP / 2 : m * k / WARP, right = is_half(type) ? k * n / WARP / 2 : k * n / WARP;
    /* 16-bit floats take twice as many registers as they need. */
    int extra = one->count - 2 * sums - left - right;
    if (extra > 0) left *= 2, right *= 2;
    float *a = fragments(warp, sums, type, m * k), *b = fragments(warp, sums + left, type, k * n);
    float *c = fragments(warp, sums + left + right, F32, m * n);
    for (int e = 0; e < m * n; e++) {
        float sum = c[e];
        for (int i = 0; i < k; i++) sum += a[e / n * k + i] * b[i * n + e % n];
        put(warp->lanes[e % WARP], &one->operands[e / WARP], bits_of(sum));
    }
    free(a), free(b), free(c);
}

static void wmma_store(struct Warp *warp) {
    const struct Instruction *one = warp->one;
    int m = one->shape[0], n = one->shape[1], registers = one->count - 2, bytes = BYTES[one->type];
    char *to = (char *)(uintptr_t)of_lane(warp, 0, 0);
    int64_t stride = (uint32_t)of_lane(warp, 0, 1 + registers);
    for (int e = 0; e < m * n; e++) {
        uint64_t value = of_lane(warp, e % WARP, 1 + e / WARP);
        memcpy(to + (one->column ? e % n * stride + e / n : e / n * stride + e % n) * bytes, &value, (size_t)bytes);
    }
}

static void mma(struct Warp *warp) {
    const struct Instruction *one = warp->one;
    int k = one->shape[2];
    enum Type type = one->from;
    float a[16][16] = {{0}}, b[16][8] = {{0}}, c[16][8];
    int pairs = is_half(type), left = pairs ? k / 4 : k / 2, right = left / 2;
    for (int lane = 0; lane < WARP; lane++) {
        int group = lane >> 2, own = lane & 3;
        for (int i = 0; i < left; i++) {
            int row = group + (i & 1) * 8, block = i >> 1;
            uint64_t word = of_lane(warp, lane, 4 + i);
            if (pairs)
                for (int half = 0; half < 2; half++) a[row][block * 8 + own * 2 + half] = half_of(type, word, half);
            else
                a[row][block * 4 + own] = float_of((uint32_t)word);
        }
        for (int i = 0; i < right; i++) {
            uint64_t word = of_lane(warp, lane, 4 + left + i);
            if (pairs)
                for (int half = 0; half < 2; half++) b[i * 8 + own * 2 + half][group] = half_of(type, word, half);
            else
                b[i * 4 + own][group] = float_of((uint32_t)word);
        }
        for (int i = 0; i < 4; i++)
            c[group + (i >> 1) * 8][own * 2 + (i & 1)] = float_of((uint32_t)of_lane(warp, lane, 4 + left + right + i));
    }
    for (int lane = 0; lane < WARP; lane++)
        for (int i = 0; i < 4; i++) {
            int row = (lane >> 2) + (i >> 1) * 8, column = (lane & 3) * 2 + (i & 1);
            float sum = c[row][column];
            for (int j = 0; j < k; j++) sum += a[row][j] * b[j][column];
            put(warp->lanes[lane], &one->operands[i], bits_of(sum));
        }
}

static void matrices(struct Warp *warp) {
    const struct Instruction *one = warp->one;
    int loads = one->base == LDMATRIX;
    for (int matrix = 0; matrix < one->matrices; matrix++)
        for (int row = 0; row < 8; row++) {
            char *line = (char *)(uintptr_t)of_lane(warp, matrix * 8 + row, loads ? one->matrices : 0);
            for (int column = 0; column < 8; column++) {
                int r = one->transposed ? column : row, c = one->transposed ? row : column;
                struct Thread *thread = warp->lanes[r * 4 + c / 2];
                const struct Operand *operand = &one->operands[loads ? matrix : 1 + matrix];
                uint64_t word = thread->registers[operand->number];
                uint16_t value;
                if (loads) {
                    memcpy(&value, line + 2 * column, 2);
                    word = c & 1 ? (word & 0xffff) | (uint64_t)value << 16 : (word & 0xffff0000) | value;
                    put(thread, operand, word);
                } else {
                    value = (uint16_t)(word >> (16 * (c & 1)));
                    memcpy(line + 2 * column, &value, 2);
                }
            }
        }
}

/* Lets the lanes go on that wait at the earliest instruction. Returns whether there were any. */
static int together(struct Block *block, int first) {
    struct Warp warp = {block, {0}, 0, NULL};
    int place = -1;
    for (int lane = 0; lane < WARP && first + lane < block->count; lane++) {
        struct Thread *thread = warp.lanes[lane] = &block->threads[first + lane];
        if (thread->state == AT_WARP && (place < 0 || thread->place < place)) place = thread->place;
    }
    if (place < 0) return 0;
    warp.one = &block->kernel->code[place];
    for (int lane = 0; lane < WARP; lane++)
        if (warp.lanes[lane] && warp.lanes[lane]->state == AT_WARP && warp.lanes[lane]->place == place) warp.active |= 1u << lane;
    switch (warp.one->base) {
    case SHFL: shuffle(&warp); break;
    case VOTE: vote(&warp); break;
    case MMA: mma(&warp); break;
    case LDMATRIX: case STMATRIX: matrices(&warp); break;
    case WMMA_LOAD: wmma_load(&warp); break;
    case WMMA_MMA: wmma_mma(&warp); break;
    case WMMA_STORE: wmma_store(&warp); break;
    case ACTIVEMASK:
        for (int lane = 0; lane < WARP; lane++)
            if (warp.active >> lane & 1) put(warp.lanes[lane], &warp.one->operands[0], warp.active);
        break;
    default: break;
    }
    for (int lane = 0; lane < WARP; lane++)
        if (warp.active >> lane & 1) {
            warp.lanes[lane]->place++;
            warp.lanes[lane]->state = RUNS;
        }
    return 1;
}

int ptx_run(const struct ptx_kernel *opaque, const unsigned grid[3], const unsigned threads[3], size_t dynamic, const void *parameters) {
    const struct Kernel *kernel = (const struct Kernel *)opaque;
    int count = (int)(threads[0] * threads[1] * threads[2]);
    size_t shared_bytes = kernel->shared_bytes + dynamic + 4096;
    /* Addresses of shared memory may be stored in 32 bits. */
    char *shared = mmap(NULL, shared_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    uint64_t *registers = calloc((size_t)count * (kernel->registers + 1), sizeof *registers);
    char *local = calloc((size_t)count, kernel->local_bytes + 16);
    struct Thread *all = calloc((size_t)count, sizeof *all);
    if (shared == MAP_FAILED || !registers || !local || !all) return 0;
    struct Block block = {kernel, all, count, shared, parameters};
    for (unsigned number = 0; number < grid[0] * grid[1] * grid[2]; number++) {
        unsigned place[3] = {number % grid[0], number / grid[0] % grid[1], number / grid[0] / grid[1]};
        for (int i = 0; i < count; i++) {
            struct Thread *thread = &all[i];
            thread->registers = registers + (size_t)i * (kernel->registers + 1);
            thread->local = local + (size_t)i * (kernel->local_bytes + 16);
            thread->place = 0;
            thread->state = RUNS;
            uint32_t own[3] = {(unsigned)i % threads[0], (unsigned)i / threads[0] % threads[1], (unsigned)i / threads[0] / threads[1]};
            for (int axis = 0; axis < 3; axis++) {
                thread->special[axis] = own[axis];
                thread->special[3 + axis] = threads[axis];
                thread->special[6 + axis] = place[axis];
                thread->special[9 + axis] = grid[axis];
            }
            thread->special[12] = (uint32_t)(i % WARP);
            thread->special[13] = (uint32_t)(i / WARP);
        }
        for (;;) {
            int waiting = 0, went_on = 0;
            for (int i = 0; i < count; i++) run(&block, &all[i]);
            for (int first = 0; first < count; first += WARP) went_on |= together(&block, first);
            if (went_on) continue;
            for (int i = 0; i < count; i++)
                if (all[i].state == AT_BARRIER) {
                    all[i].state = RUNS;
                    all[i].place++;
                    waiting++;
                }
            if (!waiting) break;
        }
    }
    munmap(shared, shared_bytes);
    free(registers), free(local), free(all);
    return 1;
}
