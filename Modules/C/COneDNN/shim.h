#pragma once
// oneDNN is opened when the first network of layers is computed, not linked: it brings 39 MB of code, the OpenMP runtime and
// OpenCL's loader, and a process that never trains such a network pays nothing for them.
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#define GEDGE_EACH_DNNL_FUNCTION(X) \
    X(engine_create) X(stream_create) X(stream_destroy) \
    X(memory_desc_init_by_tag) X(memory_desc_equal) X(memory_desc_get_size) \
    X(memory_create) X(memory_destroy) \
    X(primitive_desc_create) X(primitive_desc_destroy) X(primitive_desc_query_md) \
    X(primitive_create) X(primitive_destroy) X(primitive_execute) \
    X(reorder_primitive_desc_create) X(binary_desc_init) \
    X(convolution_forward_desc_init) X(convolution_backward_data_desc_init) X(convolution_backward_weights_desc_init) \
    X(inner_product_forward_desc_init) X(inner_product_backward_data_desc_init) \
    X(inner_product_backward_weights_desc_init) \
    X(eltwise_forward_desc_init) X(eltwise_backward_desc_init) \
    X(pooling_forward_desc_init) X(pooling_backward_desc_init) \
    X(batch_normalization_forward_desc_init) X(batch_normalization_backward_desc_init) \
    X(layer_normalization_forward_desc_init) X(layer_normalization_backward_desc_init)

typedef struct {
#define X(name) __typeof__(&dnnl_##name) name;
    GEDGE_EACH_DNNL_FUNCTION(X)
#undef X
    /// Of the OpenMP runtime that oneDNN brings: the number of threads for work that the calling thread begins.
    void (*omp_set_num_threads)(int);
} gedge_onednn;

/// Opens oneDNN. Returns 0, or -1 when it is not installed or lacks a function; `dlerror` then says what.
static inline int gedge_onednn_load(gedge_onednn *library) {
    void *handle = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (handle == 0) return -1;
#define X(name) if ((library->name = (__typeof__(&dnnl_##name))dlsym(handle, "dnnl_" #name)) == 0) return -1;
    GEDGE_EACH_DNNL_FUNCTION(X)
#undef X
    library->omp_set_num_threads = (void (*)(int))dlsym(handle, "omp_set_num_threads");
    return library->omp_set_num_threads == 0 ? -1 : 0;
}
