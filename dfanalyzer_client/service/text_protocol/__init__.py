"""The text protocol of DfAnalyzer's clients in C++, Java and Spark: one call per line.

A text is read into the dictionary that a client would send as JSON, so that both are treated
alike::

    dataflow(TAG)
    program(NAME,PATH)
    dataset(TAG,{attribute;…},{type;…})
    extractor(TAG,SET,METHOD,CARTRIDGE,{attribute;…},{type;…})
    extractor_combination(SET,OUTER,INNER,{key;…},{type;…})
    transformation(TAG,{input set;…},{output set;…},{program;…})

    task(DATAFLOW,TRANSFORMATION,ID,SUBID,STATUS[,WORKSPACE[,RESOURCE]])
    collection(SET,{{value;…};{value;…}})
    dependency({transformation;…},{{id;…};{id;…}})
    file(NAME,PATH)
"""
